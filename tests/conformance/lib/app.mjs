// The app that the suites install: every scope that the sandbox names, all but `oauth` optional.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { servedBy } from './routes.mjs';
import { CALLBACK } from './sandbox.mjs';

/** Scopes that open object types, whose routes name them in words only. */
const TYPES = ['contacts', 'companies', 'deals', 'custom', 'quotes', 'line_items', 'products', 'carts', 'orders', 'invoices', 'leads', 'services', 'appointments', 'courses', 'listings', 'subscriptions', 'commercepayments', 'marketing_events', 'feedback_submissions', 'goals', 'users', 'partner-clients', 'partner-services', 'projects'];
const MORE = [...TYPES.flatMap((type) => ['schemas', 'objects'].flatMap((kind) => ['read', 'write'].map((right) => `crm.${kind}.${type}.${right}`))), 'tickets', 'e-commerce'];

/** Writes the app's configuration into `folder` and answers `{ id, secret, required, optional, file }`. */
export function appOf(program, folder) {
  const named = servedBy(program)
    .flatMap(({ scopes }) => scopes.split(' | '))
    .filter((scope) => /^[a-z][\w.-]*$/.test(scope) && scope !== 'none' && scope !== 'oauth');
  const optional = [...new Set([...named, ...MORE])].sort();
  const app = { id: '0c0f0c0f-7e57-4000-8000-00000000c0de', secret: 'conformance-secret-that-protects-nothing', required: ['oauth'], optional };
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'app.json');
  const configuration = { name: 'Conformance', clientId: app.id, clientSecret: app.secret, appId: 4242, redirectUrls: [CALLBACK], requiredScopes: app.required, optionalScopes: optional };
  writeFileSync(file, JSON.stringify(configuration));
  return { ...app, file, callback: CALLBACK };
}
