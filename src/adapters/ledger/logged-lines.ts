import { bad, good, type Outcome } from '../../kit/outcome.ts';
import { createLineDecoder } from '../../migrate/event-lines.ts';
import type { RunEvent } from '../../migrate/event.ts';
import type { Hashing } from '../../migrate/ports.ts';
import { googleFault } from '../google/fault.ts';
import type { Google } from '../google/google.ts';

/** What an execution has said, as far as the log has it. */
export interface LoggedLines {
  readonly events: readonly RunEvent[];
  /** True: all of it, unchanged. */
  readonly complete: boolean;
}

/** Which execution, and how its lines are put together. */
export interface LoggedLinesQuestion {
  readonly google: Google;
  readonly hashing: Hashing;
  readonly run: string;
  /** `projects/P/locations/R/jobs/J/executions/E` */
  readonly execution: string;
}

const pageSize = 1_000;
/** An execution has 2,000 lines at most. */
const mostPages = 4;

/** Reads what an execution has said from Cloud Logging, also when its job is long gone. */
export async function readLoggedLines(question: LoggedLinesQuestion): Promise<Outcome<LoggedLines>> {
  const { google, hashing, run, execution } = question;
  const [, project, , job, name] =
    /^projects\/([^/]+)\/locations\/([^/]+)\/jobs\/([^/]+)\/executions\/([^/]+)$/.exec(execution) ?? [];
  if (project === undefined) return good({ events: [], complete: false });
  const decoder = createLineDecoder(run, hashing);
  const events: RunEvent[] = [];
  let pageToken = '';
  for (let page = 0; page < mostPages; page += 1) {
    const reply = await google.call<{
      entries?: readonly { readonly jsonPayload?: unknown }[];
      nextPageToken?: string;
    }>({
      service: 'logging',
      method: 'POST',
      path: 'v2/entries:list',
      idempotent: true,
      body: {
        resourceNames: [`projects/${project}`],
        filter: `resource.type="cloud_run_job" AND resource.labels.job_name="${job}" AND labels."run.googleapis.com/execution_name"="${name}"`,
        orderBy: 'timestamp asc',
        pageSize,
        ...(pageToken === '' ? {} : { pageToken }),
      },
    });
    if (!reply.ok) return bad(googleFault(reply.error, { doing: 'reading the log of', resource: execution }));
    for (const { jsonPayload } of reply.value.entries ?? [])
      if (jsonPayload !== undefined) events.push(...decoder.push(JSON.stringify(jsonPayload)));
    pageToken = reply.value.nextPageToken ?? '';
    if (pageToken === '') break;
  }
  return good({ events, complete: decoder.complete });
}
