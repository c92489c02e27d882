const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };

/** Milliseconds of `30s`, `5min`, `500ms`, `1h` or a bare number of seconds; undefined when it is none of these. */
export function milliseconds(text: string): number | undefined {
  const match = /^(\d{1,7})(ms|s|min|m|h)?$/.exec(text);
  if (match === null) return undefined;
  const unit = match[2] === 'm' ? 'min' : (match[2] ?? 's');
  return Number(match[1]) * (units[unit] ?? 1000);
}
