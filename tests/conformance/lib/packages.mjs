// Finds the packages that the suites hold the sandbox against. They are installed outside the
// repository; PORTICO_NODE_HOME names the folder with their node_modules.

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const home = process.env.PORTICO_NODE_HOME ?? dirname(dirname(new URL(import.meta.url).pathname));

/** CommonJS `require` as if from the folder with the packages. */
export const require = createRequire(join(home, 'package.json'));

/** The namespace of an ES module package. */
export const load = (name) => import(pathToFileURL(require.resolve(name)).href);
