/** The contents of an event. A body that is not an object, which godwit never writes, counts as empty. */
export type EventBody = Readonly<Record<string, unknown>>;

/** Reads the body of an event. */
export function eventBody(text: string): EventBody {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as EventBody) : {};
  } catch {
    return {};
  }
}

/** One column of a row, and the event's key for it. */
export interface ReportedColumn {
  /** The name of the column for people and in the database. */
  readonly column: string;
  /** The event's key. */
  readonly key: string;
  readonly value: string;
  /** Numbers and times are compared as such: times are in the time zone of the session that wrote them. */
  readonly as?: 'number' | 'time';
}

/** Which columns differ from an event, as text. Columns that the event lacks are not compared. */
export function differences(body: EventBody, columns: readonly ReportedColumn[]): readonly string[] {
  return columns.flatMap(({ column, key, value, as }) => {
    if (!(key in body)) return [];
    const said = textOf(body[key]);
    if (isSame(value, said, as)) return [];
    const short = value.length + said.length < 120 && !`${value}${said}`.includes('\n');
    return [short ? `${column} is ${quoted(value)} and was ${quoted(said)}` : `${column} was changed`];
  });
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function quoted(text: string): string {
  return text === '' ? 'empty' : `"${text}"`;
}

function isSame(value: string, said: string, as: ReportedColumn['as']): boolean {
  if (value === said) return true;
  if (as === 'number') return value !== '' && said !== '' && Number(value) === Number(said);
  return as === 'time' && microseconds(value) !== undefined && microseconds(value) === microseconds(said);
}

/** Microseconds since 1970 of an ISO time with its offset. */
function microseconds(text: string): bigint | undefined {
  const found = /^(\d{4,})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:Z|([+-])(\d\d)(?::?(\d\d))?)$/.exec(
    text,
  );
  if (found === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHours, offsetMinutes] = found;
  const offset = (sign === '-' ? -1 : 1) * (Number(offsetHours ?? 0) * 60 + Number(offsetMinutes ?? 0));
  const minutes =
    (daysSince1970(Number(year), Number(month), Number(day)) * 24 + Number(hour)) * 60 + Number(minute) - offset;
  return (BigInt(minutes) * 60n + BigInt(Number(second))) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
}

/** Years begin in March, so that the leap day is the last day of a year. */
function daysSince1970(year: number, month: number, day: number): number {
  const years = month > 2 ? year : year - 1;
  const leaps = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  const days = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  return years * 365 + leaps + days - 719_468;
}
