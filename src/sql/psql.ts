/** What a psql line means for a migration: nothing, or a reason why it cannot be run, with the cure. */
export type PsqlReading = { readonly ok: true } | { readonly ok: false; readonly why: string; readonly fix: string };

const harmless = /^\\(?:restrict|unrestrict|echo|qecho|warn|timing|pset|x)(?:\s|$)/;
const harmlessSet = /^\\set\s+(?:ON_ERROR_STOP|QUIET|ECHO|VERBOSITY)(?:\s|$)/;

const cures: readonly (readonly [RegExp, string, string])[] = [
  [
    /^\\c(?:onnect)?(?:\s|$)/,
    'It would go to another database in the middle of the file.',
    'Remove the line; keep a folder of migrations for each database.',
  ],
  [
    /^\\(?:i|ir|include|include_relative)(?:\s|$)/,
    'It would read another file, whose changes no checksum would see.',
    'Put the SQL of that file here, or make it a migration of its own.',
  ],
  [
    /^\\copy(?:\s|$)/,
    'It would read a file of the machine where psql runs.',
    'Use `COPY … FROM stdin;` with the rows behind it and a last line `\\.`, or INSERT statements.',
  ],
  [
    /^\\(?:g|gx|gexec|gset|gdesc|crosstabview|watch|bind)(?:\s|$)/,
    'It belongs to psql, which would run the statement and use its result.',
    'End the statement with `;`. To run SQL that is made by SQL, use `DO $$ … EXECUTE … $$;`.',
  ],
  [
    /^\\(?:if|elif|else|endif)(?:\s|$)/,
    'Conditions of psql are evaluated by psql, not by the server.',
    'Use `DO $$ BEGIN IF … THEN … END IF; END $$;`.',
  ],
  [
    /^\\(?:set|prompt|getenv|setenv|unset)(?:\s|$)/,
    'Variables are known to psql only.',
    'Write the value into the SQL itself.',
  ],
  [
    /^\\\.$/,
    'It ends the rows of `COPY … FROM stdin`, and none are being read here.',
    'Remove the line, or put `COPY … FROM stdin;` before the rows.',
  ],
];

/** Judges one psql line (from its backslash to the end of the line). */
export function judgePsqlLine(line: string): PsqlReading {
  const text = line.trimEnd();
  if (harmless.test(text) || harmlessSet.test(text)) return { ok: true };
  const name = /^\\[a-z_?!.;]{0,24}/i.exec(text)?.[0] ?? '\\';
  for (const [pattern, why, fix] of cures) {
    if (pattern.test(text)) return { ok: false, why: `${name} is a command of psql. ${why}`, fix };
  }
  return {
    ok: false,
    why: `${name} is a command of psql, not SQL, and no psql takes part here.`,
    fix: 'Remove it, or write what it does in SQL.',
  };
}
