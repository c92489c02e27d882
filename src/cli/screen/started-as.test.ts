import { expect, test } from 'vitest';
import { startedAs } from './started-as.ts';

const npx = startedAs({ npm_command: 'exec' });

test('what npx has started is named with npx', () => {
  expect(npx.prose('Run `godwit up --to 3`, then `godwit verify`.')).toBe(
    'Run `npx godwit up --to 3`, then `npx godwit verify`.',
  );
  expect(npx.lines('  godwit runs attach 01J9   follow it')).toBe('  npx godwit runs attach 01J9   follow it');
  expect(npx.lines('Usage: godwit up [options]')).toBe('Usage: npx godwit up [options]');
  expect(npx.lines('  DATABASE_URL=$(godwit db url) npm run dev')).toBe(
    '  DATABASE_URL=$(npx godwit db url) npm run dev',
  );
});

test('prose about godwit, its name in paths, and what names npx already stay', () => {
  for (const text of ['  godwit runs the migrations.', 'See godwit.config.ts', '`npx godwit init`'])
    expect(npx.prose(text)).toBe(text);
  expect(npx.lines('  npx godwit demo')).toBe('  npx godwit demo');
});

test('what was started by its own name, or by a script of the project, is named so', () => {
  for (const env of [{}, { npm_command: 'run-script' }, { npm_command: 'test' }])
    expect(startedAs(env).lines('  `godwit up`')).toBe('  `godwit up`');
});
