interface Versioned {
  readonly version: string;
  readonly name: string;
}

/**
 * Tools that know migrations by their names allow several with one version, in the order of the names: 39, 39.1, 39.2.
 *
 * @param files in the order of the tool
 */
export function setApart<File extends Versioned>(files: readonly File[]): readonly File[] {
  const names = new Map<string, string[]>();
  for (const { version, name } of files) {
    const known = names.get(version) ?? [];
    if (!known.includes(name)) names.set(version, [...known, name]);
  }
  return files.map((file) => {
    const at = names.get(file.version)?.indexOf(file.name) ?? 0;
    return at <= 0 ? file : { ...file, version: `${file.version}.${at}` };
  });
}
