// @hubspot/api-client through `basePath`, over every method whose endpoint the sandbox serves:
// `node suite.mjs 13` or `14`. The runner gives the environment; see ../run.mjs.

import { require } from '../lib/packages.mjs';
import { servedBy } from '../lib/routes.mjs';
import { Session } from '../lib/session.mjs';
import { runCases, tellMethod } from '../lib/report.mjs';
import { helpersOf } from '../lib/sdk.mjs';
import { grant } from '../lib/sandbox.mjs';
import oauth from './oauth.mjs';
import configuration from './configuration.mjs';
import marketing from './marketing.mjs';
import content from './content.mjs';
import developer from './developer.mjs';
import manners from './manners.mjs';
import outside from './outside.mjs';
import records from './records.mjs';
import writes from './writes.mjs';

const major = process.argv[2];
const { SANDBOX_URL: url, SANDBOX_PROGRAM: program, SANDBOX_APP: app, CONFORMANCE_FILTER: filter } = process.env;

const session = new Session({
  Client: require(`hubspot-${major}`).Client,
  url,
  rows: servedBy(program),
  app: JSON.parse(app),
  /** The portal with the most in it. */
  portal: 23571113,
});
session.grant = await grant(url, session.app, session.portal);
session.use(session.grant.access_token);
await session.learnTypes();

const cases = [...oauth, ...configuration, ...writes, ...records, ...marketing, ...content, ...developer, ...outside, ...manners];
await runCases(cases, filter, session);
const client = `@hubspot/api-client ${major}`;
const states = session.states();
for (const [method, state] of states) tellMethod({ client, ...method }, state);
for (const name of helpersOf(session.client)) {
  // A helper walks the pages of the room it stands in.
  const room = name.replace(/\.getAll$/, '.basicApi.getPage');
  const served = room === name || states.find(([method]) => method.name === room)[1] !== 'unserved';
  const state = session.helped.has(name) ? 'passed' : served ? 'uncovered' : 'unserved';
  tellMethod({ client, name, http: '', path: `helper of ${room}` }, state);
}
