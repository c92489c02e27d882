import { checkFiles, type CheckedFiles } from '../../operations/check-files.ts';
import { defineCommand, type Run } from '../command.ts';
import { restArguments } from '../options/argument-kinds.ts';
import { done, failed } from '../result.ts';
import { countOf } from '../screen/format.ts';
import type { Style } from '../screen/style.ts';

export const spec = defineCommand({
  name: 'check',
  summary: 'Check migrations and configuration without a database',
  about: [
    'Reports everything that the files alone show: names and versions, folders of other tools, SQL that does not parse, directives, statements that cannot run in a transaction, changes to schema godwit, down files and `replaces`, wrong keys in the configuration. Nothing is connected or downloaded, and no file of the project is written, so it fits a pre-commit hook and pull requests of forks.',
    'The history is not known here: what is applied, changed or out of order is shown by `status` and `plan`. The exit code is 0, 10 for mistakes in migrations, or 2 for the configuration.',
  ],
  arguments: {
    files: restArguments(
      'FILE',
      'migrations, their companions, folders or standalone scripts (default: all migrations)',
    ),
  },
  examples: [
    { type: 'godwit check', does: 'all migrations of all environments' },
    { type: 'godwit check migrations/0007_users.sql', does: 'one migration, with its down and verify files' },
    { type: 'godwit check --json', does: 'for scripts' },
  ],
});

export const run: Run<typeof spec> = async (context) => {
  const { io, globals, screen } = context;
  const { config: configFile, env: environment } = globals;
  const { cwd, env } = io;
  const checked = await checkFiles({ cwd, env, configFile, environment, files: context.arguments.files });
  if (!checked.ok) return failed(checked.findings);
  const { root, folders, scripts, findings } = checked.value;
  screen.excerptsFrom(root);
  screen.answer(...summary(checked.value, screen.style));
  const data = { folders, scripts };
  return findings.some(({ severity }) => severity === 'error') ? failed(findings, data) : done(data, findings);
};

function summary({ folders, scripts, findings }: CheckedFiles, style: Style): readonly string[] {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.filter(({ severity }) => severity === 'warning').length;
  const read = folders.filter(({ layout, migrations }) => layout !== undefined && migrations > 0);
  const what = [
    ...read.map(
      ({ path, layout, migrations, statements }) =>
        `${path}: ${countOf(migrations, 'migration')}${errors > 0 ? '' : `, ${countOf(statements, 'statement')}`}${layout === 'native' ? '' : ` (${layout ?? ''})`}`,
    ),
    ...(scripts === 0 ? [] : [countOf(scripts, 'standalone script')]),
  ];
  const found = [
    ...(errors === 0 ? [] : [style.red(countOf(errors, 'error'))]),
    ...(warnings === 0 ? [] : [style.magenta(countOf(warnings, 'warning'))]),
  ];
  const symbol = errors > 0 ? style.red('✘') : warnings > 0 ? style.magenta('!') : style.green('✔');
  const verdict = found.length === 0 ? 'No mistakes found' : found.join(', ');
  return [`${symbol} ${verdict}${what.length === 0 ? '' : `  ${style.dim(what.join(' · '))}`}`];
}
