import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { realNodeImage, type MadeImage } from '../support/base-image.ts';
import { buildStage } from '../support/stage.ts';
import { missing } from '../support/tools.ts';

/** A small image with a shell and an application, and without Node. */
function backend(): MadeImage {
  const [libraries = {}] = realNodeImage().layers;
  const programs = { 'bin/sh': readFileSync('/bin/sh'), 'bin/cat': readFileSync('/bin/cat') };
  return {
    layers: [{ ...libraries, ...programs }, { 'app/greeting.txt': 'hello from the image\n' }],
    config: { WorkingDir: '/app', Env: ['PATH=/bin', 'SHOP=open'] },
  };
}

describe.skipIf(missing('root', 'ip', 'podman', 'runc', 'docker-registry'))('in a container of an own image', () => {
  test('a command is executed in its folder with its environment, beside a database that the laptop has no way to', async () => {
    await using stage = await buildStage({ files: {}, jobs: 'containers', images: { 'team/backend:1': backend() } });
    const script = 'cat greeting.txt; echo "$SHOP $GODWIT_ENVIRONMENT ${DATABASE_URL%%:*}"; echo beside >&2; exit 9';
    const image = `${stage.registry}/team/backend:1`;
    const ran = await stage.type('exec', '-e', 'dev', '--image', image, '--', 'sh', '-c', script).ended;
    expect(ran.out, ran.err).toBe('hello from the image\nopen dev postgresql\n');
    expect([ran.exitCode, ran.err]).toEqual([40, expect.stringContaining('ended with exit code 9')]);
    expect(ran.err).toContain('beside\n');
    const rows = await stage.site.query('select command, outcome, exit_code from godwit.run');
    expect(rows).toEqual([{ command: 'exec', outcome: 'failed', exit_code: 40 }]);
    const absent = await stage.type('exec', '-e', 'dev', '--image', image, '--', 'alembic', 'upgrade', 'head').ended;
    expect([absent.exitCode, absent.err]).toEqual([10, expect.stringContaining('[command-not-started]')]);
    expect(await stage.leaked()).toEqual([]);
  }, 240_000);
});
