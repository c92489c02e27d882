/**
 * Why a text is no JSON. The engine quotes the text around the place, where a secret may stand: only its reason and the
 * line are told.
 */
export function jsonProblem(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [, reason, before, quoted] = /^(.*?), (\.{3})?"([^]*)"(?:\.{3})? is not valid JSON$/.exec(message) ?? [];
  if (reason === undefined || quoted === undefined) return message;
  const at = text.indexOf(quoted);
  if (at === -1 || before === undefined) return reason;
  // The engine quotes ten characters in front of the place.
  return `${reason} in line ${text.slice(0, at + 10).split('\n').length}`;
}
