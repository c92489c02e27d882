/** The meaning of a psql line for a migration: nothing, or a reason why it cannot be run, with the remedy. */
export type PsqlReading = { readonly ok: true } | { readonly ok: false; readonly why: string; readonly fix: string };

const harmless = /^\\(?:restrict|unrestrict|echo|qecho|warn|timing|pset|x)(?:\s|$)/;
const harmlessSet = /^\\set\s+(?:ON_ERROR_STOP|QUIET|ECHO|VERBOSITY)(?:\s|$)/;

const refusals: readonly (readonly [RegExp, string, string])[] = [
  [
    /^\\c(?:onnect)?(?:\s|$)/,
    'The rest of the file would go to another database.',
    'Remove the line; keep a folder of migrations for each database.',
  ],
  [
    /^\\(?:i|ir|include|include_relative)(?:\s|$)/,
    'It would read another file, which no checksum covers.',
    'Put the SQL of that file here, or make it a migration of its own.',
  ],
  [
    /^\\copy(?:\s|$)/,
    'It would read a file on the machine where psql runs.',
    'Use `COPY … FROM stdin;` followed by the rows and a last line `\\.`, or INSERT statements.',
  ],
  [
    /^\\(?:g|gx|gexec|gset|gdesc|crosstabview|watch|bind)(?:\s|$)/,
    'psql would run the statement and use its result.',
    'End the statement with `;`. To run generated SQL, use `DO $$ … EXECUTE … $$;`.',
  ],
  [
    /^\\(?:if|elif|else|endif)(?:\s|$)/,
    'Conditions of psql are evaluated by psql, not by the server.',
    'Use `DO $$ BEGIN IF … THEN … END IF; END $$;`.',
  ],
  [
    /^\\(?:set|prompt|getenv|setenv|unset)(?:\s|$)/,
    'Only psql knows its variables.',
    'Write the value into the SQL itself.',
  ],
  [
    /^\\\.$/,
    'It ends the rows of `COPY … FROM stdin`, but no rows are being read here.',
    'Remove the line, or put `COPY … FROM stdin;` before the rows.',
  ],
];

/** Judges one psql line (from its backslash to the end of the line). */
export function judgePsqlLine(line: string): PsqlReading {
  const text = line.trimEnd();
  if (harmless.test(text) || harmlessSet.test(text)) return { ok: true };
  const name = /^\\[a-z_?!.;]{0,24}/i.exec(text)?.[0] ?? '\\';
  for (const [pattern, why, fix] of refusals) {
    if (pattern.test(text)) return { ok: false, why: `${name} is a psql command. ${why}`, fix };
  }
  return {
    ok: false,
    why: `${name} is a psql command, not SQL, and godwit does not use psql.`,
    fix: 'Remove it, or write its effect in SQL.',
  };
}
