// @octokit/rest, @octokit/auth-oauth-app and @octokit/oauth-methods against the sandbox's GitHub, every answer held
// against @octokit/openapi: `node suite.mjs`. The runner gives the environment; see ../run.mjs.

import { runCases, tellMethod } from '../lib/report.mjs';
import { servedBy } from '../lib/routes.mjs';
import { Session } from './session.mjs';
import flow from './flow.mjs';
import manners from './manners.mjs';
import reading from './reading.mjs';
import writing from './writing.mjs';

const { SANDBOX_URL: url, SANDBOX_PROGRAM: program, CONFORMANCE_FILTER: filter } = process.env;

const session = new Session(url, servedBy(program));
await runCases([...flow, ...reading, ...writing, ...manners], filter, session);
if (!filter) for (const [method, state] of session.states()) tellMethod({ client: '@octokit/rest', ...method }, state);
