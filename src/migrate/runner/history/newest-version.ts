/**
 * Newest version of schema godwit that this program knows: the number of files in `sql/history`. In its own file,
 * because code that only reads the history does not need the text of the schema.
 */
export const newestVersion: number = 4;
