// One client against one sandbox: calls its methods by name, holds every answer against the
// declared model, and remembers which methods have been shown to work.

import assert from 'node:assert/strict';
import { faults } from './model.mjs';
import { pacer } from './pace.mjs';
import { bound, methodsOf } from './sdk.mjs';
import { servingRow } from './routes.mjs';

export class Session {
  /** `environment` as in `node/suite.mjs`. */
  constructor(environment) {
    Object.assign(this, environment);
    this.seen = { status: 0, headers: {} };
    this.methods = methodsOf(this.newClient(''));
    /** Name of a method to whether it answered well every time; `refused` where it could only be refused. */
    this.called = new Map();
    /** Names of helpers that worked. */
    this.helped = new Set();
    /** What was wrong with answers of the present case. */
    this.complaints = new Map();
    this.pace = pacer((milliseconds) => this.advance(milliseconds));
  }

  /** A client with `token`; the package keeps retries process-wide, so the newest one's count. */
  newClient(token, options = {}) {
    return new this.Client({ basePath: this.url, accessToken: token, ...options });
  }

  // A method, with status and headers of its answers noted. Version 13 never runs the `middleware`
  // that it takes, so this listens where the client sends.
  bound(name) {
    const method = bound(this.client, name);
    const { configuration } = name
      .split('.')
      .slice(0, -1)
      .reduce((at, part) => at[part], this.client).api;
    if (!configuration.heard) {
      const { httpApi } = configuration;
      configuration.httpApi = {
        send: (request) => {
          const answer = httpApi.send(request);
          answer.toPromise().then(
            ({ httpStatusCode, headers }) => {
              this.seen = { status: httpStatusCode, headers };
            },
            () => {},
          );
          return answer;
        },
      };
      configuration.heard = true;
    }
    return method;
  }

  /** Has every following call made with `token`. */
  use(token) {
    this.token = token;
    this.client = this.newClient(token);
  }

  /** Has the following calls made as the app's developer, until `use`. */
  asDeveloper() {
    this.client = this.newClient(undefined, { developerApiKey: this.app.developerKey });
  }

  /** Moves the sandbox's clock. */
  advance(milliseconds) {
    return this.act('advance-clock', { ms: milliseconds });
  }

  /** One of the sandbox's control actions, by its name. */
  async act(name, fields) {
    const answer = await fetch(`${this.url}/_sandbox/actions/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fields),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${name} answered ${answer.status}: ${text.slice(0, 300)}`);
    return text ? JSON.parse(text) : undefined;
  }

  /** Calls a method of the client and answers what it answers, once that has been found whole. */
  async call(name, ...given) {
    const method = this.method(name);
    await this.pace(/\/search$/.test(method.path));
    let answer;
    try {
      answer = await this.bound(name)(...given);
    } catch (error) {
      this.called.set(name, false);
      throw new Error(`${name} failed: ${error.code ?? ''} ${JSON.stringify(error.body) ?? ''} ${error.stack}`);
    }
    const declared = method.answers.find(({ code }) => code === this.seen.status) ?? (method.answers.length === 1 && method.answers[0].code === undefined && method.answers[0]);
    const found = declared
      ? faults(answer, declared.type, method.models)
      : [`status ${this.seen.status} instead of ${method.answers.map(({ code }) => code).join(' or ')}`];
    if (!this.seen.headers['x-hubspot-correlation-id']) found.push('x-hubspot-correlation-id is missing');
    this.called.set(name, this.called.get(name) !== false && found.length === 0);
    if (found.length) {
      // Fails the case at its end, so that one run tells everything.
      const heading = `${name} (${declared?.type})`;
      if (!this.complaints.has(heading)) this.complaints.set(heading, []);
      this.complaints.get(heading).push(...found);
    }
    return answer;
  }

  /** Calls a method that must be refused, and answers the client's exception. */
  async refused(name, given, expected) {
    const method = this.method(name);
    await this.pace(/\/search$/.test(method.path));
    let error;
    try {
      await this.bound(name)(...given);
    } catch (thrown) {
      error = thrown;
    }
    assert.ok(error, `${name} was not refused`);
    assert.ok(String(error.constructor.name).startsWith('ApiException'), `${name}: ${error.stack}`);
    assert.equal(error.code, expected.code, `${name}: ${JSON.stringify(error.body)}`);
    if ('category' in expected) assert.equal(error.body.category, expected.category, name);
    if (expected.correlated !== false) {
      assert.match(error.body.correlationId, /^[0-9a-f-]{36}$/, name);
      assert.equal(error.body.correlationId, error.headers['x-hubspot-correlation-id'], name);
    }
    // Where there is nothing to be found, the refusal is all that can be held.
    if (expected.counts && !this.called.has(name)) this.called.set(name, 'refused');
    return error;
  }

  /**
   * Walks a paged method to its end once for each page size, and answers all records.
   *
   * `given(limit, after)` are the arguments; `options.next` names what a page's `paging.next` leads on by. No record may come twice, every walk must bring the
   * same ones, a page may not be longer than asked, and a `total` must be what came.
   */
  async walk(name, limits, given, options = {}) {
    const { id = (record) => record.id, list = (page) => page.results, next = 'after', most = 3_000 } = options;
    let first;
    for (const limit of limits) {
      const records = [];
      let after;
      let total;
      do {
        const page = await this.call(name, ...given(limit, after));
        assert.ok(list(page).length <= limit, `${name}: ${list(page).length} records on a page of ${limit}`);
        records.push(...list(page));
        total = page.total ?? total;
        after = page.paging?.next?.[next];
        assert.ok(records.length <= most, `${name}: no end of pages`);
        assert.ok(!after || list(page).length > 0, `${name}: an empty page says that there is more`);
      } while (after);
      const ids = records.map(id);
      assert.equal(new Set(ids).size, ids.length, `${name}: a record came twice with pages of ${limit}`);
      if (total !== undefined) assert.equal(ids.length, total, `${name}: total and what came differ`);
      if (first) assert.deepEqual(ids, first.map(id), `${name}: pages of ${limit} bring other records`);
      first ??= records;
    }
    return first;
  }

  /** `apiRequest`, for what the client has no method for: `[status, JSON or text, headers]`. */
  async request(options) {
    await this.pace(false);
    const answer = await this.client.apiRequest(options);
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json');
    return [answer.status, isJson ? JSON.parse(text) : text, answer.headers];
  }

  method(name) {
    const method = this.methods.get(name);
    if (!method) throw new Error(`the client has no method ${name}`);
    return method;
  }

  /** Asks which of the types in the client's paths the sandbox keeps records of, for one route serves all types. */
  async learnTypes() {
    this.unkept = new Set();
    const types = new Set([...this.methods.values()].map(({ path }) => typeIn(path)).filter(Boolean));
    for (const type of types) {
      await this.pace(false);
      const [status, body] = await this.request({ path: `/crm/v3/objects/${type}`, qs: { limit: '1' } });
      // The page of an unknown route, or the refusal of an unknown type or of a scope nobody can have.
      if (typeof body === 'string' || status === 400 || status === 403) this.unkept.add(type);
    }
  }

  /** Whether the sandbox has the endpoint of a method. */
  serves(name) {
    const { http, path } = this.method(name);
    return Boolean(servingRow(this.rows, http, path)) && !this.unkept.has(typeIn(path));
  }

  /** What was wrong with answers since it was last asked, as text. */
  told() {
    const lines = [...this.complaints].flatMap(([heading, found]) => [`${heading}:`, ...summary(found).map((line) => `  ${line}`)]);
    this.complaints.clear();
    return lines.join('\n');
  }

  /** Each method and its state, as `report.mjs` names them. */
  states() {
    return [...this.methods.values()].map((method) => {
      const served = this.serves(method.name);
      const well = this.called.get(method.name);
      const state = well === undefined ? (served ? 'uncovered' : 'unserved') : !well ? 'failed' : !served ? 'unlisted' : well === 'refused' ? 'refused' : 'passed';
      return [method, state];
    });
  }
}

// The type of records that a path names.
const typeIn = (path) => /^\/crm\/(?:v3\/objects|objects\/[^/]+)\/([^/{]+)/.exec(path)?.[1];

// One line for what is wrong with every member of a list in the same way.
function summary(found) {
  const counts = new Map();
  for (const fault of found) {
    const place = fault.replace(/\[\d+\]/g, '[]');
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  return [...counts].map(([place, count]) => (count > 1 ? `${place} (${count} times)` : place));
}
