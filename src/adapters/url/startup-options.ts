import { sessionSettings } from '../../migrate/runner/session/session-settings.ts';

/** The `options` of a connection: command-line options for the server process. */
export interface StartupOptions {
  /** Settings in `-c name=value` and `--name=value`; of several with one name the last counts. */
  readonly settings: Readonly<Record<string, string>>;
  /** True: they contain something else too, such as `endpoint=NAME` for a proxy. */
  readonly more: boolean;
}

/** Reads options as the server does: words end at a space, and a backslash escapes the next character. */
export function readStartupOptions(text: string): StartupOptions {
  const words = wordsOf(text);
  const settings: Record<string, string> = {};
  let more = false;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    let setting: string | undefined;
    if (word === '-c' || word === '--') setting = words[(index += 1)];
    else if (word.startsWith('-c') || word.startsWith('--')) setting = word.slice(2);
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(setting ?? '') ?? [];
    if (name === undefined) more = true;
    else settings[name.replaceAll('-', '_')] = value ?? '';
  }
  return { settings, more };
}

/** One setting, as text for `options`. */
export function startupOption(name: string, value: string): string {
  return `-c ${name}=${value.replaceAll(/[\\\s]/g, '\\$&')}`;
}

/** Settings that every session of godwit brings along: those of a URL have no effect. Names in lower case. */
export const overruled: ReadonlySet<string> = new Set([
  ...Object.keys(sessionSettings('cancel')).map((name) => name.toLowerCase()),
  'transaction_timeout',
  'application_name',
  'client_encoding',
]);

function wordsOf(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? '';
    if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    if (character === '\\') index += 1;
    word = (word ?? '') + (character === '\\' ? (text[index] ?? '') : character);
  }
  return word === undefined ? words : [...words, word];
}
