/** What jobs run in where nothing else is configured. */
export const defaultImage = { base: 'docker.io/library/node:22-slim', repository: 'godwit' } as const;
