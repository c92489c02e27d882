/** What a line says in a file that holds both directions. */
export type LineMeaning =
  | { readonly kind: 'up' | 'down'; readonly transaction?: 'none' }
  /** The whole file runs outside a transaction. */
  | { readonly kind: 'no-transaction' }
  /** A mark that needs no attention, because the lexer finds the ends of statements. */
  | { readonly kind: 'none' }
  /** What the tool refuses, or what cannot be done as the tool does it. */
  | { readonly kind: 'wrong'; readonly why: string };

/** The tools that keep both directions in one file. */
export type SectionTool = 'dbmate' | 'goose' | 'sql-migrate' | 'node-pg-migrate';

/** How a tool reads the lines that begin with `--`; undefined: a comment. */
export const sectionRules: Readonly<Record<SectionTool, (line: string) => LineMeaning | undefined>> = {
  dbmate(line) {
    const [, direction, options = ''] = /^--\s*migrate:(up|down)(?:\s+(\S.*))?\s*$/.exec(line) ?? [];
    if (direction === undefined) return undefined;
    return section(direction, options.trim().split(/\s+/).includes('transaction:false'));
  },
  goose(line) {
    if (!line.includes('+goose')) return undefined;
    if (/^\s/.test(line)) return { kind: 'wrong', why: 'goose refuses white space before its marks.' };
    const word = line.replaceAll('--', '').replace('+goose', '').trim();
    switch (word.toLowerCase()) {
      case 'up':
      case 'down':
        return section(word.toLowerCase(), false);
      case 'no transaction':
        return { kind: 'no-transaction' };
      case 'statementbegin':
      case 'statementend':
      case 'envsub off':
        return { kind: 'none' };
      case 'envsub on':
        return { kind: 'wrong', why: 'It puts environment variables into the SQL, which Godwit does not do.' };
      default:
        return { kind: 'wrong', why: `goose knows no mark \`${word}\`.` };
    }
  },
  'sql-migrate'(line) {
    const [, words] = /^-- \+migrate (.*)$/.exec(line) ?? [];
    if (words === undefined) return undefined;
    const [command = '', ...options] = words.trim().split(/\s+/);
    if (command === 'Up' || command === 'Down')
      return section(command.toLowerCase(), options.includes('notransaction'));
    if (command === 'StatementBegin' || command === 'StatementEnd') return { kind: 'none' };
    return { kind: 'wrong', why: `sql-migrate knows no mark \`${command}\`.` };
  },
  'node-pg-migrate'(line) {
    const [, direction] = /^\s*--[\s-]*(up|down)\s+migration/i.exec(line) ?? [];
    return direction === undefined ? undefined : section(direction.toLowerCase(), false);
  },
};

function section(direction: string, alone: boolean): LineMeaning {
  const kind = direction === 'up' ? 'up' : 'down';
  return alone ? { kind, transaction: 'none' } : { kind };
}

/** The line that begins the way forward, as people write it. */
export const upMark: Readonly<Record<SectionTool, string>> = {
  dbmate: '-- migrate:up',
  goose: '-- +goose Up',
  'sql-migrate': '-- +migrate Up',
  'node-pg-migrate': '-- Up Migration',
};

/** The line that begins the way back. */
export const downMark: Readonly<Record<SectionTool, string>> = {
  dbmate: '-- migrate:down',
  goose: '-- +goose Down',
  'sql-migrate': '-- +migrate Down',
  'node-pg-migrate': '-- Down Migration',
};
