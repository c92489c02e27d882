/** An image as far as the emulator's executors need it. */
export interface LocalImage {
  readonly reference: string;
  /** The folder that stands for `/godwit/` in the image, where the image has one. */
  readonly folder?: string;
  /** What the image's own configuration says. */
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

type ImageAnswer = { readonly found: LocalImage } | { readonly found?: undefined; readonly why: 'missing' | 'denied' };

/** Where images come from. */
export interface ImageSource {
  find(reference: string): Promise<ImageAnswer>;
  /** Removes what was laid out for tasks. */
  close(): void;
}

/** Every image is there; each holds the same folder, when one is given. */
export function anyImage(folder?: string): ImageSource {
  return {
    find: (reference) => Promise.resolve({ found: { reference, ...(folder === undefined ? {} : { folder }) } }),
    close: () => undefined,
  };
}
