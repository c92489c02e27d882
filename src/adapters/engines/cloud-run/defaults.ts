/** The image that jobs run in unless another one is configured. */
export const defaultImage = { base: 'docker.io/library/node:22-slim', repository: 'godwit' } as const;
