// JSON Schemas of what `--json` prints, and of the configuration. `scripts/docs.mjs` writes them to schemas/.
import { z } from 'zod';
import { config } from './config.ts';
import { document } from './document.ts';
import { event } from './event.ts';
import { check, finding, plan } from './parts.ts';

/** The shapes by the name of their file. A test compares them with the types of the sources. */
export const shapes = { config, document, event, finding, check, plan };

/** Where a published schema is, so that others can refer to it. */
const place = 'https://unpkg.com/godwit/schemas';

/** The schemas by the name of their file, as JSON Schema draft 2020-12. */
export function schemas(): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const { $schema, ...schema } = z.toJSONSchema(shape);
      return [name, { $schema, $id: `${place}/${name}.json`, ...schema }];
    }),
  );
}
