// The JSON Schema of the configuration. It is closed: an editor marks a mistyped key. What depends on several keys at
// once, or on the environment, is checked when the configuration is read.
import { z } from 'zod';
import { layouts } from '../../src/migrate/contract/tool.ts';

const duration = z.string().regex(/^\d{1,7}(ms|s|min|m|h)?$/);
const variable = z.strictObject({ env: z.string().describe('environment variable that holds the URL') });
const url = z.strictObject({ url: z.string().describe('URL without a password') });
const secret = z.strictObject({
  secret: z.string().describe('secret in Secret Manager that holds the URL; only the job reads it'),
  version: z.string().optional().describe('number of the version; default: the newest one'),
});

const hook = z.strictObject({
  name: z.string().describe('letters, digits, `_` and `-`'),
  command: z.array(z.string()).describe('the program and its arguments; no shell reads them'),
  image: z.string().optional().describe('with a cloud engine: the image that executes it'),
  timeout: duration.optional().describe('how long it may take, such as `10min`; default: no limit'),
});

const verify = z.strictObject({
  ignore: z
    .array(z.string())
    .optional()
    .describe('objects whose differences are notes: names with `*` and `?`, with the kind in front if wanted'),
});

const network = z.union([
  z.strictObject({ connector: z.string() }),
  z.strictObject({
    network: z.string().optional(),
    subnetwork: z.string().optional(),
    tags: z.array(z.string()).optional(),
  }),
]);

const cloudRun = z.strictObject({
  kind: z.literal('cloud-run'),
  project: z.string().describe('id of the Google Cloud project'),
  region: z.string().optional().describe('default: us-central1'),
  instance: z.string().optional().describe('Cloud SQL instance: its name, or project:region:name'),
  job: z.enum(['ephemeral', 'stable']).optional().describe('a job for each run (default), or one for the environment'),
  serviceAccount: z.string().optional().describe('service account that the job runs as'),
  network: network.optional().describe('the way into the private network'),
  egress: z.enum(['private-ranges', 'all']).optional(),
  image: z
    .strictObject({
      base: z.string().optional().describe('any image with Node'),
      repository: z.string().optional().describe('where godwit’s images are kept'),
      own: z.string().optional().describe('an image of your own, in place of the base'),
      node: z.string().optional().describe('path of Node inside of it'),
    })
    .optional(),
  labels: z.record(z.string(), z.string()).optional().describe('labels for jobs and executions'),
  timeout: duration.optional().describe('longest time of an execution; default: estimated from the plan'),
  logs: z
    .strictObject({
      resourceNames: z.array(z.string()).min(1).max(20).describe('projects, or views of log buckets'),
    })
    .optional()
    .describe('where Cloud Logging keeps the lines of jobs and the ledger; default: the project'),
  binaryAuthorization: z.string().optional().describe('`default`, or the full name of a policy of Binary Authorization'),
  encryptionKey: z.string().optional().describe('full name of a key of Cloud KMS that encrypts the job'),
  endpoints: z.record(z.string(), z.string()).optional().describe('base URLs in place of Google’s, by service'),
  impersonate: z.string().optional().describe('service account to act as'),
});

const environment = z.strictObject({
  database: z
    .union([z.literal('embedded'), variable, url, secret])
    .optional()
    .describe('where the database is; default: embedded'),
  directUrl: z
    .union([variable, url])
    .optional()
    .describe('the server’s own address, when `database` leads through a connection pooler'),
  major: z.int().min(14).max(18).optional().describe('major version of the embedded server'),
  protected: z
    .boolean()
    .optional()
    .describe('changes need a reviewed plan or a typed name; default: true for prod and production'),
  checkpoint: z.enum(['never', 'destructive', 'always']).optional().describe('which runs need a checkpoint'),
  triggers: z.enum(['fire', 'inspect']).optional().describe('fire triggers in a rolled-back transaction, or only look'),
  ahead: z.enum(['warn', 'refuse']).optional().describe('what `up` does where the database is ahead of the folder'),
  tx: z
    .enum(['each', 'all'])
    .optional()
    .describe('whether `up` gives each migration its own transaction, or applies all in one'),
  verify: verify.optional().describe('how `verify` judges, in addition to what the project says'),
  locks: z
    .strictObject({
      budget: duration.optional().describe('how long a migration may try for locks; default: 5min'),
      concurrent: duration.optional().describe('longest wait of a concurrent build; default: 30min'),
      waiters: z.int().min(0).optional().describe('a statement steps back when more sessions wait behind it'),
    })
    .optional(),
  migrations: z.string().optional().describe('folder of migrations, when it differs from that of the project'),
  after: z.strictObject({ up: z.array(hook).optional() }).optional().describe('what follows a run'),
  requires: z.string().optional().describe('the environment that must have the migrations first'),
  identity: z
    .templateLiteral(['copied-from ', z.string()])
    .optional()
    .describe('copied-from NAME: the database is replaced by copies of that environment’s'),
  engine: z
    .union([z.literal('local'), cloudRun])
    .optional()
    .describe('where work executes; default: local'),
});

/** A project’s `godwit.config.json`, or what the other forms of the configuration export. */
export const config = z
  .strictObject({
    $schema: z.string().optional(),
    migrations: z.string().optional().describe('folder of migrations; default: migrations'),
    layout: z.enum(['auto', ...layouts]).optional().describe('whose conventions the folder follows; default: auto'),
    set: z.string().optional().describe('name of this set, where several repositories use one database; default: app'),
    envFile: z.string().optional().describe('file with environment variables such as DATABASE_URL: .env'),
    verify: verify.optional().describe('how `verify` judges, in all environments'),
    environments: z.record(z.string(), environment).optional().describe('by name'),
  })
  .describe('Configuration of godwit: godwit.config.json');
