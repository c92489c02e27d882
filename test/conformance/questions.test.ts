import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listAll } from '../../src/adapters/google/operations.ts';
import { redacted, tableOf, type Learned } from './learned.ts';
import { ownPrefix } from './own-jobs.ts';
import { questions } from './questions.ts';
import { openSite, type Site } from './site.ts';

// Asks what is unknown of Google Cloud. In `npm test` the emulator answers, as it answers now; `npm run conformance:gcp
// -- FILE` asks a real project, and prints the table.

const patience = 30 * 60_000;

describe('what is unknown of Google Cloud', () => {
  let site: Site;
  const learned: Learned[] = [];

  beforeAll(async () => {
    site = await openSite();
    for (const question of questions) learned.push({ question, answer: await question.ask(site) });
    mkdirSync('dist', { recursive: true });
    writeFileSync('dist/conformance.md', `${tableOf(learned, site.terms)}\n`);
  }, patience);
  afterAll(async () => await site[Symbol.asyncDispose](), patience);

  test('U1, U3, U5, U6 and the others are asked with one call each, and answered', () => {
    expect(learned.map(({ question }) => question.id)).toEqual([
      'U1',
      'U3',
      'U5',
      'U6',
      'log',
      'actAs',
      'host',
      'secret',
      'image',
    ]);
    for (const [id, words] of Object.entries(site.answers))
      expect.soft(learned.find(({ question }) => question.id === id)?.answer, id).toMatch(words);
  });

  test('nothing that was made for a question is left', async () => {
    const path = `v2/projects/${site.terms.project}/locations/${site.terms.region}/jobs`;
    const listed = await listAll<{ name: string; deleteTime?: string }>(site.google, {
      service: 'run',
      path,
      field: 'jobs',
      most: 1_000,
    });
    expect(listed.ok).toBe(true);
    const left = listed.ok
      ? listed.value.filter(({ name, deleteTime }) => name.includes(`/${ownPrefix}`) && !deleteTime)
      : [];
    expect(left).toEqual([]);
    expect(site.backups()).toEqual([]);
  });

  test('the table is one line a question, and names neither project nor account nor host', () => {
    const lines = tableOf(learned, site.terms).split('\n');
    expect(lines).toHaveLength(questions.length + 2);
    expect(lines.join('\n')).not.toContain(site.terms.project);
    expect(lines.join('\n')).not.toMatch(/\w@\w|https?:|127\.0\.0\.1/);
  });
});

test.each([
  ['Secret projects/123456789012/secrets/x of acme-dev', 'Secret projects/PROJECT/secrets/x of PROJECT'],
  [
    'denied for sa@acme-dev.iam.gserviceaccount.com, see https://console.cloud.google.com/x?project=acme-dev',
    'denied for ACCOUNT, see URL',
  ],
  ['projects/other/instances/dev-db at 10.1.2.3:5432', 'projects/PROJECT/instances/INSTANCE at HOST'],
  ['acme-developers stays, acme-dev does not', 'acme-developers stays, PROJECT does not'],
])('%s is redacted', (text, without) => {
  expect(redacted(text, { project: 'acme-dev', instance: 'acme-dev:us-central1:dev-db' })).toBe(without);
});
