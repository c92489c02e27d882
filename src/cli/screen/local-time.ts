/** An ISO time as people read it, in their own zone: `2026-03-04 06:07 +01:00`, `2026-03-04 05:07 UTC`. */
export function localTime(iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : inZone(at);
}

/** ISO times as the rows of a list tell them: without their zone if it is the same for all. */
export function timesInZone(isos: readonly string[]): {
  readonly times: readonly string[];
  readonly zone: string | undefined;
} {
  const times = isos.map(localTime);
  const zones = new Set(times.map((time) => time.slice(timeLength)));
  const [only = ''] = zones;
  if (zones.size !== 1 || only === '') return { times, zone: undefined };
  const zone = only.trim();
  return { times: times.map((time) => time.slice(0, timeLength)), zone: zone === 'UTC' ? zone : `UTC${zone}` };
}

/** The length of `2026-03-04 06:07`. */
const timeLength = 16;

/** A text whose times in UTC are told in the zone of the reader; literals and what is in backticks stay as they are. */
export function withLocalTimes(text: string): string {
  return text.replaceAll(utcTime, (found, day?: string, time?: string) =>
    day === undefined || time === undefined ? found : inZone(new Date(`${day}T${time}Z`)),
  );
}

const utcTime = /`[^`\n]*`|(?<!['"=])\b(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(?: UTC|Z)\b/g;

/** Minutes are enough for people. (`toLocaleString` would load the locale, which takes longer than all of `status`.) */
function inZone(at: Date): string {
  const minutes = -at.getTimezoneOffset();
  const local = new Date(at.getTime() + minutes * 60_000).toISOString();
  return `${local.slice(0, 10)} ${local.slice(11, 16)} ${zone(minutes)}`;
}

function zone(minutes: number): string {
  if (minutes === 0) return 'UTC';
  const two = (value: number): string => String(value).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
