import { fault } from '../../kit/fault.ts';
import { squashMigrations, type SquashedFiles } from '../../project/squash-migrations.ts';
import type { Context, Run } from '../command.ts';
import { majorOption } from '../draft-down.ts';
import { openProjectOf, progressOn } from '../execute.ts';
import { done, failed } from '../result.ts';
import { countOf } from '../screen/format.ts';

const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;

/** `godwit squash TO`: one file in place of all migrations up to a version. */
export const squash: Run = async (context) => {
  const { typed, screen, signal } = context;
  const { name = 'squashed', major: typedMajor } = typed.values;
  if (!namePattern.test(name)) {
    const why = `\`${name}\`: names begin with a letter or digit, and consist of letters, digits, \`_\` and \`-\`.`;
    return failed([fault('name-invalid', { why })]);
  }
  const major = majorOption(typedMajor);
  if (!major.ok) return failed(major.findings);
  const opened = await openProjectOf(context);
  if (!opened.ok) return failed(opened.findings);
  for (const finding of opened.value.findings) screen.finding(finding);
  const tell = progressOn(context);
  const squashed = await squashMigrations(opened.value, {
    version: typed.arguments[0] ?? '',
    name,
    remove: typed.switches.has('remove'),
    ...(major.value === undefined ? {} : { major: major.value }),
    onProgress: (text, step) => (step === 'step' ? screen.passing(text) : tell(text, step)),
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
  const { green, yellow, dim } = screen.style;
  screen.say('', ...written.map((file) => `${green('✔ written')} ${file}`));
  screen.say(
    `${green('✔')} Proven by rehearsal on PostgreSQL ${major}: ${countOf(made.objects, 'object')} and the rows of ${countOf(made.tables, 'table')} are as ${countOf(count, 'migration')} ${count === 1 ? 'makes' : 'make'} them, ${made.form === 'whole' ? 'in one transaction' : 'in a transaction for each migration'}.`,
  );
  for (const change of made.changes) screen.say(`${yellow('▲')} ${change}`);
  for (const table of made.values)
    screen.say(
      `${yellow('▲')} ${table}: the same number of rows, with values that differ from run to run (times, random values).`,
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
