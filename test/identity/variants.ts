import { createProject } from '../support/project.ts';
import { clone, edit, files, inClone, pinnedClone, pins, restore, type Stage } from './scene.ts';

/** Every command that changes a database. */
export const commands = {
  up: ['up'],
  'up --to': ['up', '--to', '2'],
  'up --file': ['up', '--file', 'hotfix.sql'],
  'up --detach': ['up', '--detach'],
  'up --take-over': ['up', '--take-over'],
  'up --no-verify': ['up', '--no-verify', '--yes'],
  down: ['down', '--to', '0', '--yes'],
  adopt: ['adopt'],
  'adopt --baseline': ['adopt', '--baseline', '2'],
} as const;
type Command = keyof typeof commands;

/** One way to be wrong, what it is refused with, and by which commands it is tried (`up`). */
interface Variant {
  readonly mix: (stage: Stage) => unknown;
  /** Environment; `prod` by default. */
  readonly as?: string;
  readonly with?: readonly Command[];
  /** `wrong-database` by default, with 10. */
  readonly code?: string;
  readonly exit?: number;
  readonly says?: string;
}

/** All of them. */
export const variants: Readonly<Record<string, Variant>> = {
  'the URL of dev stands in the variable of prod': {
    mix: ({ env }) => (env['PROD_URL'] = env['DEV_URL']!),
    with: Object.keys(commands) as Command[],
  },
  'the URL of prod stands in the variable of dev': {
    mix: ({ env }) => (env['DEV_URL'] = env['PROD_URL']!),
    as: 'dev',
    with: Object.keys(commands) as Command[],
  },
  'a database beside it was made with prod as its template': {
    mix: async (stage) => (stage.env['PROD_URL'] = stage.one.url(await clone(stage, 'prod'))),
    with: Object.keys(commands) as Command[],
    says: 'database is a different one',
  },
  'prod was restored on another server': {
    mix: async (stage) => (stage.env['PROD_URL'] = stage.other.url(await restore(stage, 'prod', stage.other))),
    with: ['up', 'down', 'up --file', 'up --detach'],
    says: 'system identifier',
  },
  'prod was restored on the same server under another name': {
    mix: async (stage) => (stage.env['PROD_URL'] = stage.one.url(await restore(stage, 'prod', stage.one))),
    says: 'database is a different one',
  },
  'a dump of prod was restored where dev should be': {
    mix: async (stage) => (stage.env['DEV_URL'] = stage.other.url(await restore(stage, 'prod', stage.other))),
    as: 'dev',
    with: ['up', 'down', 'adopt'],
    says: 'belongs to environment "prod"',
  },
  'the same, and the lock file is not there': {
    mix: async (stage) => {
      stage.env['DEV_URL'] = stage.other.url(await restore(stage, 'prod', stage.other));
      stage.project.remove('godwit.lock.json');
    },
    as: 'dev',
  },
  'the database of this name on another server is empty': {
    mix: async (stage) => {
      await stage.other.query('postgres', 'create database prod');
      stage.env['PROD_URL'] = stage.other.url('prod');
    },
    with: ['up', 'adopt', 'adopt --baseline', 'up --file', 'up --detach'],
    says: 'has never changed',
  },
  'another project migrates the database of this name there': {
    mix: async (stage) => {
      const name = stage.fresh();
      await stage.other.query('postgres', `create database ${name}`);
      using project = createProject(files, undefined, { PROD_URL: stage.other.url(name) });
      await project.run('up', '-e', 'prod');
      stage.env['PROD_URL'] = stage.other.url(name);
    },
    says: 'has id',
  },
  'the row that tells what the database is was deleted': {
    mix: async (stage) => await inClone(stage, 'delete from godwit.guard'),
    code: 'history-damaged',
  },
  'the table that tells what the database is was dropped': {
    mix: async (stage) => await inClone(stage, 'drop table godwit.guard'),
    code: 'history-damaged',
  },
  'the whole history was dropped': {
    mix: async (stage) => await inClone(stage, 'drop schema godwit cascade'),
    with: ['up', 'adopt', 'up --file'],
    says: 'has never changed',
  },
  'the id in the database was edited': {
    mix: async (stage) => await inClone(stage, 'update godwit.guard set environment_id = gen_random_uuid()'),
    says: 'has id',
  },
  'the name in the database was edited': {
    mix: async (stage) => await inClone(stage, "update godwit.guard set environment = 'demo'"),
    says: 'belongs to environment "demo"',
  },
  'the name in the database was emptied': {
    mix: async (stage) => await inClone(stage, "update godwit.guard set environment = ''"),
  },
  'another environment of the project has the same URL': {
    mix: ({ env }) => (env['STAGING_URL'] = env['PROD_URL']!),
    as: 'staging',
    with: ['up', 'down', 'adopt', 'up --file', 'up --detach'],
    says: '-e prod',
  },
  'the environment was renamed in the configuration': {
    mix: ({ env }) => (env['PRODUCTION_URL'] = env['PROD_URL']!),
    as: 'production',
    says: '"prod" was renamed to "production"',
  },
  'the environment is written in another case': {
    mix: () => undefined,
    as: 'Prod',
  },
  'it was renamed together with its entry in the lock file': {
    mix: (stage) => {
      stage.env['PRODUCTION_URL'] = stage.env['PROD_URL']!;
      pins(stage, (pinned) => (pinned['production'] = pinned['prod']!));
    },
    as: 'production',
  },
  'the entries of the lock file were swapped': {
    mix: (stage) => pins(stage, (pinned) => ([pinned['dev'], pinned['prod']] = [pinned['prod']!, pinned['dev']!])),
    with: ['up', 'down', 'up --detach'],
  },
  'the lock file is that of another project': {
    mix: (stage) =>
      pins(stage, (pinned) => {
        for (const pin of Object.values(pinned)) pin['id'] = '00000000-0000-4000-8000-000000000000';
      }),
    with: ['up', 'down', 'adopt', 'up --file', 'up --take-over'],
  },
  'one character of the pinned id was changed': {
    mix: (stage) => pins(stage, (pinned) => (pinned['prod']!['id'] = pinned['prod']!['id']!.replace(/.$/, 'x'))),
  },
  'the pinned id is empty': { mix: (stage) => pins(stage, (pinned) => (pinned['prod']!['id'] = '')) },
  'the pinned server was edited': {
    mix: (stage) => pins(stage, (pinned) => (pinned['prod']!['systemIdentifier'] = '7000000000000000000')),
    says: 'system identifier',
  },
  'the pinned number of the database was edited': {
    mix: (stage) => pins(stage, (pinned) => (pinned['prod']!['databaseOid'] = '1')),
    says: 'OID',
  },
  'the lock file is damaged': {
    mix: (stage) => edit(stage, (text) => text.slice(0, -5)),
    code: 'lock-file-invalid',
    exit: 2,
  },
  'the lock file is empty': { mix: (stage) => edit(stage, () => ''), code: 'lock-file-invalid', exit: 2 },
  'the lock file holds a conflict of two branches': {
    mix: (stage) => edit(stage, (text) => `<<<<<<< ours\n${text}=======\n{}\n>>>>>>> theirs\n`),
    code: 'lock-file-invalid',
    exit: 2,
  },
  'an entry of the lock file has lost its id': {
    mix: (stage) => pins(stage, (pinned) => delete pinned['prod']!['id']),
    code: 'lock-file-invalid',
    exit: 2,
  },
  'the lock file was deleted and the URLs were swapped': {
    mix: ({ env, project }) => {
      project.remove('godwit.lock.json');
      [env['DEV_URL'], env['PROD_URL']] = [env['PROD_URL']!, env['DEV_URL']!];
    },
    with: ['up', 'down', 'adopt', 'up --file', 'up --detach', 'up --take-over'],
  },
  'there is no configuration, and DATABASE_URL means prod': {
    mix: ({ env, project }) => {
      project.remove('godwit.config.json');
      env['DATABASE_URL'] = env['PROD_URL']!;
    },
    as: 'local',
    with: ['up', 'down', 'up --file'],
    says: 'belongs to environment "prod"',
  },
  'there is no configuration, and DATABASE_URL is called dev and means prod': {
    mix: ({ env, project }) => {
      project.remove('godwit.config.json');
      env['DATABASE_URL'] = env['PROD_URL']!;
    },
    as: 'dev',
    says: 'belongs to environment "prod"',
  },
  'the database was dropped and made again, empty': {
    mix: async (stage) => {
      const name = await pinnedClone(stage);
      await stage.one.query('postgres', `drop database ${name}`);
      await stage.one.query('postgres', `create database ${name}`);
    },
    says: 'has never changed',
  },
  'the database was dropped and copied back under its name': {
    mix: async (stage) => {
      const name = await pinnedClone(stage);
      await stage.one.query('postgres', `drop database ${name}`);
      await stage.one.query('postgres', `create database ${name} template prod`);
    },
    with: ['up', 'down'],
    says: 'database is a different one',
  },
  'the URL ends in another database of the server': {
    mix: ({ env, one }) => (env['PROD_URL'] = one.url('postgres')),
    says: 'has never changed',
  },
  'the direct URL leads elsewhere than the one beside it': {
    mix: ({ env, project }) => {
      env['DIRECT_URL'] = env['DEV_URL']!;
      const environments = {
        prod: { database: { env: 'PROD_URL' }, directUrl: { env: 'DIRECT_URL' }, protected: false },
      };
      project.write('godwit.config.json', JSON.stringify({ environments }));
    },
    says: 'belongs to environment "dev"',
  },
  'two databases exchanged their names': {
    mix: async (stage) => {
      const name = await pinnedClone(stage);
      const second = await clone(stage, 'prod');
      await stage.one.query('postgres', `alter database ${name} rename to ${name}_old`);
      await stage.one.query('postgres', `alter database ${second} rename to ${name}`);
    },
    says: 'database is a different one',
  },
  'a copy is reached by a role that may not ask for the server’s identity': {
    mix: async (stage) => {
      const name = await clone(stage, 'prod');
      await stage.one.query(name, 'revoke execute on function pg_control_system() from public');
      await stage.one.query('postgres', `create role ${name} login superuser password '${name}'`);
      await stage.one.query('postgres', `alter role ${name} nosuperuser`);
      await stage.one.query(
        name,
        `grant usage, create on schema godwit to ${name}; grant all on all tables in schema godwit to ${name}; grant create on database ${name} to ${name}`,
      );
      const url = new URL(stage.one.url(name));
      [url.username, url.password] = [name, name];
      stage.env['PROD_URL'] = url.href;
    },
    says: 'database is a different one',
  },
  'a plan that was reviewed for prod is used for dev': {
    mix: async ({ project }) => await project.run('plan', '-e', 'prod', '--out', 'plan.json'),
    as: 'dev',
    code: 'plan-changed',
  },
  'a reviewed plan is used on a copy': {
    mix: async (stage) => {
      await stage.project.run('plan', '-e', 'prod', '--out', 'plan.json');
      stage.env['PROD_URL'] = stage.one.url(await clone(stage, 'prod'));
    },
  },
  'a live run on the wrong database would be ended by taking over': {
    mix: async (stage) => {
      stage.env['PROD_URL'] = stage.env['DEV_URL']!;
    },
    with: ['up --take-over'],
  },
};
