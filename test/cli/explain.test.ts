import { expect, test } from 'vitest';
import { createProject } from '../support/project.ts';

const secret = 'Zq7canary0Xk9w';
const log = `local · 127.0.0.1:5432/shop as app
✘ Another run holds the database [busy]
tried postgresql://app:${secret}@10.0.0.5/shop
{"finding":{"code":"statement-failed"}}
`;

test('the codes in a log are explained, and a credential in it is told and not repeated: `credential-in-text`', async () => {
  using project = createProject({ 'ci.log': log });
  const ran = await project.run('explain', 'ci.log');
  expect(ran.exitCode).toBe(0);
  expect(ran.out).toMatch(/\[busy\][^]*\[statement-failed\]/);
  expect(ran.shown).toContain('ci.log, line 3, holds a password in a URL. It is not repeated here.');
  expect(ran.out + ran.shown).not.toContain(secret);
  const { json } = await project.run('explain', 'ci.log', '--json');
  expect(json).toMatchObject([
    {
      exitCode: 0,
      codes: [{ code: 'busy' }, { code: 'statement-failed' }],
      findings: [{ code: 'credential-in-text' }],
    },
  ]);
  expect(JSON.stringify(json)).not.toContain(secret);
});

test.each([`postgresql://app:${secret}@h/d`, `ya29.${secret}`, `password=${secret}`, `{"client_secret":"${secret}"}`])(
  'an argument that is a credential is told and not repeated: %s',
  async (text) => {
    using project = createProject({});
    for (const mode of [[], ['--json']]) {
      const ran = await project.run('explain', text, ...mode);
      expect(ran.exitCode).toBe(2);
      expect(ran.out + ran.shown).toContain('credential-in-text');
      expect(ran.out + ran.shown).not.toContain(secret);
    }
  },
);

test('a text without a code says so, and a word is still a code', async () => {
  using project = createProject({ 'notes.txt': 'nothing is wrong' });
  expect((await project.run('explain', 'notes.txt')).shown).toContain('notes.txt names no code of godwit');
  expect((await project.run('explain', 'statment-failed')).shown).toContain('godwit explain statement-failed');
});
