/** An image as far as the emulator's executors need it. */
export interface LocalImage {
  readonly reference: string;
  /** The folder that represents `/godwit/` in the image, if the image has one. */
  readonly folder?: string;
  /** From the image's own configuration. */
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

type ImageAnswer = { readonly found: LocalImage } | { readonly found?: undefined; readonly why: 'missing' | 'denied' };

/** Where images come from. */
export interface ImageSource {
  /** The host of the emulator's own registry, if there is one. */
  readonly host?: string;
  find(reference: string): Promise<ImageAnswer>;
  /** Removes files that were unpacked for tasks. */
  close(): void;
}

/** Every image exists; each contains the same folder, if one is given. */
export function anyImage(folder?: string): ImageSource {
  return {
    find: (reference) => Promise.resolve({ found: { reference, ...(folder === undefined ? {} : { folder }) } }),
    close: () => undefined,
  };
}
