import { flag, path, text, type ValuesOf } from './kinds.ts';

/** Options that every command takes. */
export const globalOptions = {
  env: text('NAME', 'the environment to work on (default: local)', 'e'),
  config: path('FILE', 'the configuration file (default: godwit.config.ts, .mjs or .json)'),
  envFile: path('FILE', 'a file with further environment variables, such as .env'),
  json: flag('print JSON on standard output'),
  yes: flag('answer yes when asked to confirm; not in protected environments, never to destroy rows'),
  noColor: flag('print without colours, as NO_COLOR=1 does'),
  help: flag('show this help', 'h'),
  version: flag('show the version'),
};

export type GlobalOptions = ValuesOf<typeof globalOptions>;
