// Octokit against the sandbox: every request noted, every answer judged by GitHub's description.

import { load } from '../lib/packages.mjs';
import { servingRow } from '../lib/routes.mjs';
import { complaint, templateOf } from './schemas.mjs';

const { Octokit } = await load('@octokit/rest');
export const { createOAuthAppAuth } = await load('@octokit/auth-oauth-app');
export const oauth = await load('@octokit/oauth-methods');
export const { request } = await load('@octokit/request');

/** The sandbox's two demo apps; their secrets protect nothing. */
export const APPS = {
  'github-app': { clientId: 'Iv23liSandboxPortico', clientSecret: 'sandbox-github-app-secret-that-protects-nothing' },
  'oauth-app': { clientId: 'Ov23liSandboxPortico', clientSecret: 'sandbox-oauth-app-secret-that-protects-nothing' },
};
export const CALLBACK = 'http://localhost:4000/callback/github';
export const USER = 'mara-lindqvist';

export class Session {
  constructor(url, rows) {
    this.url = url;
    this.baseUrl = `${url}/api/v3`;
    this.rows = rows;
    this.complaints = [];
    this.called = new Set();
    this.request = request.defaults({ baseUrl: this.baseUrl });
    // What the authentication packages send is judged as well.
    this.request = this.watched(this.request);
  }

  /** The same request function, with an eye on what comes back. */
  watched(plain) {
    const watch = async (route, parameters) => {
      const options = typeof route === 'string' ? plain.endpoint.merge(route, parameters) : plain.endpoint.merge(route);
      try {
        const response = await (parameters ? plain(route, parameters) : plain(route));
        this.judge(options, response.status, response.data);
        return response;
      } catch (error) {
        if (error.response) this.judge(options, error.status, error.response.data);
        throw error;
      }
    };
    return Object.assign(watch, { endpoint: plain.endpoint, defaults: (more) => this.watched(plain.defaults(more)) });
  }

  judge(options, status, data) {
    const address = options.url.replace(this.baseUrl, '');
    // The token endpoint is no part of the REST API.
    if (address.startsWith('http') || address.startsWith('/login')) return;
    const path = templateOf(options.method, address);
    this.called.add(`${options.method} ${path}`);
    if (status === 304 || options.mediaType?.format === 'raw') return;
    const format = options.mediaType?.format;
    const wrong = complaint(options.method, path, status, data, format ? `application/vnd.github.${format}` : undefined);
    if (wrong) this.complaints.push(wrong);
  }

  /** What was wrong with answers since the last time. */
  told() {
    return this.complaints.splice(0).join('\n');
  }

  /** A code for an app, as the user's consent on the page brings it. */
  async code(kind, more = {}, login = USER) {
    const form = new URLSearchParams({ client_id: APPS[kind].clientId, redirect_uri: CALLBACK, state: 'conformance', ...more });
    const page = await fetch(`${this.url}/login/oauth/authorize?${form}`);
    if (page.status !== 200) throw new Error(`the page answered ${page.status}`);
    form.set('user', login);
    form.set('decision', 'authorize');
    const answer = await fetch(`${this.url}/login/oauth/authorize`, { method: 'POST', body: form, redirect: 'manual' });
    const back = new URL(answer.headers.get('location')).searchParams;
    if (back.get('state') !== 'conformance') throw new Error('the state did not come back');
    return back.get('code');
  }

  /** Octokit with a token. */
  octokit(token) {
    const octokit = new Octokit({ auth: token, baseUrl: this.baseUrl, userAgent: 'portico-conformance', log: { debug() {}, info() {}, warn() {}, error() {} } });
    octokit.hook.wrap('request', async (send, options) => {
      try {
        const response = await send(options);
        this.judge(options, response.status, response.data);
        return response;
      } catch (error) {
        if (error.response) this.judge(options, error.status, error.response.data);
        throw error;
      }
    });
    return octokit;
  }

  /** Octokit with a fresh token of an app. */
  async signedIn(kind, scope = 'repo read:org', login = USER) {
    const code = await this.code(kind, kind === 'oauth-app' ? { scope } : {}, login);
    const exchange = { clientType: kind, ...APPS[kind], code, request: this.request };
    const { authentication } = await oauth.exchangeWebFlowCode(exchange);
    return Object.assign(this.octokit(authentication.token), { authentication });
  }

  /** The methods of the client: whether the sandbox serves their endpoint, and whether a case called them. */
  states() {
    const { rest } = this.octokit();
    const out = [];
    for (const [area, methods] of Object.entries(rest)) {
      for (const [name, method] of Object.entries(methods)) {
        const { method: http, url: path } = method.endpoint?.DEFAULTS ?? {};
        if (!path) continue;
        const served = servingRow(this.rows, http, `/api/v3${path}`);
        const state = !served ? 'unserved' : this.called.has(`${http} ${path}`) ? 'passed' : 'uncovered';
        out.push([{ name: `${area}.${name}`, http, path }, state]);
      }
    }
    return out;
  }
}

/** The error of a call that must fail with this status, and in whose message these words stand. */
export async function refused(promise, status, words = '') {
  const error = await promise.then(
    () => Promise.reject(new Error(`was answered; ${status} expected`)),
    (error) => error,
  );
  if (error.name !== 'HttpError' && error.name !== 'RequestError') throw error;
  if (error.status !== status || !error.message.includes(words)) throw new Error(`${status} ${words} expected: ${error.status} ${error.message}`);
  return error;
}
