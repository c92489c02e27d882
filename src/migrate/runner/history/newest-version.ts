/**
 * Newest version of schema godwit that this program knows: the number of files in `sql/history`. On its own, because who
 * only reads the history does not need the text of the schema.
 */
export const newestVersion: number = 3;
