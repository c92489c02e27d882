/** The order of tools that sort names by their letters. */
export function byLetters(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
