/** What a native speaker would not write, and what to write in its place: for pages, messages and help. */
const phrases: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/(?<!\bthere )\b(?:is|are|was|were) no (?!longer\b|more\b|different\b|better\b|slower\b)[\w-]+/i, 'is not a …'],
  [/\b(?:is|are) none\b/i, 'is not one'],
  [/\bstands?\b(?! (?:for|in for)\b)/i, 'is, remains'],
  [/\bstood\b/i, 'was, remained'],
  [/\bgo(?:es|ing)? on\b/i, 'continues'],
  [/\bby (?:itself|themselves)\b/i, 'on its own'],
  [/\banew\b/i, 'again'],
  [/\bbeside\b/i, 'next to, in addition to'],
  [/\bwhoever\b/i, 'name the person, or “you”'],
  [/\bbe had\b/i, 'acquired, granted'],
  [/\bso long a\b/i, 'up to'],
  [/\bleave it away\b/i, 'omit it'],
  [/\b(?:is|are|was|were|be|been) told\b/i, 'is reported'],
  [/\b(?:or|and) alike\b/i, 'and similar'],
  [/\bthe means\b/i, 'the method'],
  [/\b(?:cure|mend)(?:s|d|ed)?\b/i, 'fix, remedy'],
  [/\bpatience\b/i, 'timeout, waiting'],
  [/\bbare files?\b/i, 'standalone script'],
  [/\bgood (?:run|end|`up`)\b/i, 'successful'],
  [/\bas ever\b/i, 'as usual'],
  [/\boutside of (?:a )?transactions?\b/i, 'outside transactions'],
];

/** Each phrase of this text that reads like a translation, with what to write instead. */
export function foreignPhrasesIn(text: string): readonly string[] {
  return phrases.flatMap(([pattern, instead]) => {
    const hit = pattern.exec(text)?.[0];
    return hit === undefined ? [] : [`“${hit}”: ${instead}`];
  });
}
