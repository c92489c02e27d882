import { expect, test } from 'vitest';
import { runStub } from '../../../../test/support/run-stub.ts';
import { createRunId } from '../../../project/run-id.ts';
import type { Google } from '../../google/google.ts';
import { followLines } from './follow-lines.ts';
import { createFollowState } from './follow-state.ts';

test('F1: without its execution, a run is searched once a day further back before its lines are given up', async () => {
  await using stub = await runStub(({ about }) => (about === 'log' ? {} : [404, 'NOT_FOUND']));
  const since: number[] = [];
  const google: Google = {
    ...stub.context.google,
    call(request) {
      const { filter = '' } = (request.body ?? {}) as { readonly filter?: string };
      const [, from] = /timestamp>="([^"]+)"/.exec(filter) ?? [];
      if (from !== undefined) since.push(Date.parse(from));
      return stub.context.google.call(request);
    },
  };
  const context = { ...stub.context, google };
  const ref = { run: createRunId(Date.parse('2026-03-04T05:06:07Z')), engine: 'cloud-run', location: stub.execution };
  for await (const event of followLines(context, createFollowState(context, ref))) expect(event).toBeUndefined();
  const [first = 0] = since;
  expect(since.filter((from) => from < first)).toEqual([first - 24 * 60 * 60_000]);
});
