import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress, constants, type BrotliOptions } from 'node:zlib';
import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { Bundle, ByteSource, Hashing } from '../../migrate/contract/ports.ts';
import { memorySource } from '../files/byte-source.ts';
import { bundleFiles, bundleOf, type BundleFile } from './bundle-files.ts';

/** How a bundle reaches a remote runner. */
export type CarriedBundle =
  /** As the value of an environment variable, on an image that does not change. */
  | { readonly kind: 'variable'; readonly value: string }
  /** As a layer of an image made for this bundle. */
  | { readonly kind: 'layer'; readonly files: readonly BundleFile[] };

/** The longest value of an environment variable that Cloud Run accepts, in bytes. */
export const longestVariable = 32_768;

/** Above this size, compressing just to see whether the bundle fits costs more than it can save. */
const worthTrying = 2 * 1024 * 1024;

/** The limit of what an archive may unpack to; no honest archive of `longestVariable` bytes comes near it. */
const largestArchive = 64 * 1024 * 1024;

const compress = promisify(brotliCompress);
const decompress: (bytes: Buffer, options: BrotliOptions) => Promise<Buffer> = promisify(brotliDecompress);

/**
 * Decides how a bundle travels: in a variable if it fits there, otherwise in a layer. The same bundle always gives the
 * same value.
 * @param limit Longest value in bytes; by default, Cloud Run's limit.
 * @returns Findings when a file of the bundle cannot be read or analysed.
 * @example
 * const carried = await carryBundle(bundle);
 * if (carried.ok && carried.value.kind === 'variable') env.GODWIT_BUNDLE = carried.value.value;
 */
export async function carryBundle(bundle: Bundle, limit = longestVariable): Promise<Outcome<CarriedBundle>> {
  const files = await bundleFiles(bundle);
  if (!files.ok) return files;
  const size = files.value.reduce((sum, { source }) => sum + source.size, 0);
  const value = size > worthTrying ? undefined : await encode(files.value);
  return ok(
    value !== undefined && value.length <= limit ? { kind: 'variable', value } : { kind: 'layer', files: files.value },
  );
}

/**
 * Reads the bundle from a variable that `carryBundle` made, with the same checks as a bundle in a folder.
 * @returns `bundle-damaged` when the value is cut, is not a bundle, or does not match its hash.
 */
export async function bundleInVariable(value: string, hashing: Hashing): Promise<Outcome<Bundle>> {
  let files: ReadonlyMap<string, ByteSource>;
  try {
    files = await decode(value);
  } catch (error) {
    return err(fault('bundle-damaged', { why: `The bundle cannot be unpacked: ${(error as Error).message}.` }));
  }
  return await bundleOf((name) => {
    const found = files.get(name);
    if (found === undefined) throw new Error(`${name} is missing`);
    return found;
  }, hashing);
}

/** An archive is a line of JSON (names with sizes), then the bytes; compressed, and in base64. */
async function encode(files: readonly BundleFile[]): Promise<string> {
  const head = Buffer.from(`${JSON.stringify(files.map(({ name, source }) => [name, source.size]))}\n`);
  const archive = Buffer.concat([head, ...(await Promise.all(files.map(({ source }) => source.read(0, source.size))))]);
  const packed = await compress(archive, {
    params: {
      // The best compression level takes seconds for megabytes.
      [constants.BROTLI_PARAM_QUALITY]: archive.length > 256 * 1024 ? 6 : constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: archive.length,
    },
  });
  return packed.toString('base64');
}

async function decode(value: string): Promise<ReadonlyMap<string, ByteSource>> {
  const archive = await decompress(Buffer.from(value, 'base64'), { maxOutputLength: largestArchive });
  const end = archive.indexOf('\n');
  const head = JSON.parse(archive.toString('utf8', 0, end)) as readonly (readonly [string, number])[];
  const files = new Map<string, ByteSource>();
  let at = end + 1;
  for (const [name, size] of head) {
    files.set(name, memorySource(archive.subarray(at, at + size)));
    at += size;
  }
  if (at !== archive.length) throw new Error('its length differs from the stated one');
  return files;
}
