/** A command line for people, cut to at most `most` characters. */
export function shown(words: readonly string[], most = 200): string {
  const line = words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
