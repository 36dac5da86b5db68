// Starts the sandbox for one suite, stops it by its process id, and gets grants without a browser.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** The registered callback; nothing listens there, for the answer is read off the redirect. */
export const CALLBACK = 'http://localhost:4000/callback/hubspot';

/**
 * Starts `program` on a free port of loopback with `options` behind its own.
 *
 * Resolves with its base URL, the developer's key and `stop`; rejects where the first line does not come in 20 seconds.
 */
export function start(program, options) {
  const child = spawn(program, ['--listen', '127.0.0.1:0', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = () =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once('exit', resolve);
      child.kill('SIGTERM');
      // Open connections must not keep it.
      setTimeout(() => child.kill('SIGKILL'), 2000).unref();
    });
  process.once('exit', () => child.kill('SIGKILL'));
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the sandbox did not start in 20 seconds')), 20_000);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the sandbox ended with ${code} before it listened`)));
    const lines = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      const url = /^listening on (http:\/\/\S+)$/.exec(lines[0])?.[1];
      if (!url) stop().then(() => reject(new Error(`the sandbox's first line is ${lines[0]}`)));
      // The lines for people end with this one.
      if (line.startsWith('authorize at ')) {
        clearTimeout(late);
        const developerKey = /developer API key ([^\s,]+)/.exec(lines.join('\n'))?.[1];
        resolve({ url, stop, developerKey });
      }
    });
  });
}

/**
 * The code that an installer's consent in `portal` brings back, with every scope that the consent
 * page offers ticked, or those of `only`.
 */
export async function consent(url, app, portal, only) {
  const query = new URLSearchParams({
    client_id: app.id,
    redirect_uri: CALLBACK,
    scope: app.required.join(' '),
    optional_scope: app.optional.join(' '),
    state: 'conformance',
  });
  const page = await (await fetch(`${url}/oauth/${portal}/authorize?${query}`)).text();
  const offered = [...page.matchAll(/name="grant"[^>]*value="([^"]+)"|value="([^"]+)"[^>]*name="grant"/g)].map(
    (found) => found[1] ?? found[2],
  );
  const form = new URLSearchParams(query);
  form.set('decision', 'connect');
  for (const scope of offered) {
    if (!only || only.includes(scope)) form.append('grant', scope);
  }
  const answer = await fetch(`${url}/oauth/${portal}/authorize`, { method: 'POST', body: form, redirect: 'manual' });
  const location = answer.headers.get('location');
  if (answer.status !== 302 || !location) {
    throw new Error(`consent answered ${answer.status}: ${/id="error-code"[^>]*>([^<]*)/.exec(page)?.[1] ?? page.slice(0, 400)}`);
  }
  const back = new URL(location).searchParams;
  if (back.get('state') !== 'conformance') throw new Error('the state did not come back');
  return back.get('code');
}

/** A fresh grant: the JSON of the token endpoint. */
export async function grant(url, app, portal, only) {
  const code = await consent(url, app, portal, only);
  const form = { grant_type: 'authorization_code', client_id: app.id, client_secret: app.secret, redirect_uri: CALLBACK, code };
  const answer = await fetch(`${url}/oauth/2026-09/token`, { method: 'POST', body: new URLSearchParams(form) });
  const body = await answer.json();
  if (answer.status !== 200) throw new Error(`no token: ${JSON.stringify(body)}`);
  return body;
}
