import { fault } from '../../kit/fault.ts';
import { squashMigrations, type SquashedFiles } from '../../operations/squash-migrations.ts';
import { defineCommand, type Context, type Run } from '../command.ts';
import { openProjectOf } from '../execute.ts';
import { progressOn } from '../progress.ts';
import { argument } from '../options/argument-kinds.ts';
import { flag, major, text } from '../options/kinds.ts';
import { done, failed } from '../result.ts';
import { countOf } from '../screen/format.ts';

const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;

export const spec = defineCommand({
  name: 'squash',
  summary: 'Combine all migrations up to a version into one',
  about: [
    'Writes the statements of all migrations up to this version into one file, with the directive `replaces`. The migrations run on one throwaway server and the file on another; the file is written only if every object and the rows of every table are the same. No database is queried.',
    'A database that has applied all of the replaced migrations records the file with its next `up` and executes none of it; a new database runs the file alone.',
  ],
  arguments: { version: argument('VERSION', 'the last migration to combine') },
  options: {
    name: text('NAME', 'name of the file, after its version (default: squashed)'),
    remove: flag('remove the files that it replaces, and their companions'),
    major: major('N', 'rehearse on this major version of PostgreSQL (default: that of the embedded server)'),
  },
  examples: [
    { type: 'godwit squash 50', does: 'write migrations/0050_squashed.sql' },
    { type: 'godwit squash 50 --remove', does: 'and remove the fifty files' },
  ],
  advanced: true,
});

export const run: Run<typeof spec> = async (context) => {
  const { options, screen, signal } = context;
  const { name = 'squashed', major } = options;
  if (!namePattern.test(name)) {
    const why = `\`${name}\`: names begin with a letter or digit, and consist of letters, digits, \`_\` and \`-\`.`;
    return failed([fault('name-invalid', { why })]);
  }
  const opened = await openProjectOf(context);
  if (!opened.ok) return failed(opened.findings);
  for (const finding of opened.value.findings) context.tell(finding);
  const showProgress = progressOn(context);
  const squashed = await squashMigrations(opened.value, {
    version: context.arguments.version,
    name,
    remove: options.remove,
    ...(major === undefined ? {} : { major }),
    onProgress: (text, step) => (step === 'step' ? screen.passing(text) : showProgress(text, step)),
    signal,
  });
  screen.settle();
  if (!squashed.ok) return failed(squashed.findings);
  show(context, squashed.value);
  const { squash: made, written, replaced, removed, count, major: on } = squashed.value;
  const { form, changes, rows, values, objects, tables } = made;
  return done({
    files: written,
    migrations: count,
    major: on,
    form,
    objects,
    tables,
    changes,
    rows,
    values,
    replaced,
    removed,
  });
};

const mostRows = 20;

function show({ screen }: Context, squashed: SquashedFiles): void {
  const { squash: made, written, replaced, removed, count, major } = squashed;
  const { green, magenta, dim } = screen.style;
  screen.say('', ...written.map((file) => `${green('✔ written')} ${file}`));
  screen.say(
    `${green('✔')} Proven by rehearsal on PostgreSQL ${major}: ${countOf(made.objects, 'object')} and the rows of ${countOf(made.tables, 'table')} are as ${countOf(count, 'migration')} ${count === 1 ? 'makes' : 'make'} them, ${made.form === 'whole' ? 'in one transaction' : 'in a transaction for each migration'}.`,
  );
  for (const change of made.changes) screen.say(`${magenta('▲')} ${change}`);
  for (const table of made.values)
    screen.say(
      `${magenta('▲')} ${table}: the same number of rows, with values that differ from run to run (times, random values).`,
    );
  if (made.rows.length > 0) {
    const shown = made.rows.slice(0, mostRows);
    const more = made.rows.length - shown.length;
    screen.say(
      '',
      `${countOf(made.rows.length, 'statement')} that may change rows ${made.rows.length === 1 ? 'is' : 'are'} kept. Remove by hand what a new database does not need:`,
      ...shown.map((row) => dim(`  ${row}`)),
      ...(more > 0 ? [dim(`  … and ${more} more`)] : []),
    );
  }
  screen.say('', ...nextSteps(replaced.length, removed));
}

function nextSteps(files: number, removed: boolean): readonly string[] {
  const first = removed
    ? [`${countOf(files, 'replaced file')} removed. Commit, and release:`]
    : [
        `Keep the ${countOf(files, 'replaced file')} until every database has applied them, or remove them now (\`--remove\`). Commit, and release:`,
      ];
  return [
    ...first,
    '  a database that has all of them records the new file with its next `godwit up`, and executes nothing;',
    removed
      ? '  one that has only some is refused: apply the others first, with the last release that has the files;'
      : '  one that has only some continues with the old files, then records the new one;',
    '  a new one runs the new file alone.',
  ];
}
