import { entries } from './entry.ts';

/** Container images and the registries that hold them. */
export const imageFaults = entries({
  'image-reference': {
    title: 'The name of a container image is malformed',
    why: 'An image is named HOST/REPOSITORY:TAG or HOST/REPOSITORY@sha256:DIGEST.',
    fix: 'Correct the name under `image` in the configuration: `docker.io/library/node:22-slim`, for instance.',
    exit: 2,
  },
  'image-missing': {
    title: 'The container image does not exist',
    why: 'The registry knows no image of this name, or keeps it from whoever asks.',
    fix: 'Check the name under `image` in the configuration, and that the image was pushed.',
    exit: 10,
  },
  'image-platform': {
    title: 'The container image is not for this platform',
    why: 'Jobs run on linux/amd64. An image that was built on an ARM laptop would end there with `exec format error`.',
    fix: 'Build it with `--platform linux/amd64`, or name an image that has this platform.',
    exit: 10,
  },
  'image-damaged': {
    title: 'What the registry sent is not the image that was asked for',
    why: 'The bytes have another SHA-256 than their name says, or are no image that godwit can read.',
    fix: 'Run the command again; if it persists, the registry or a proxy alters images: ask whoever runs it.',
    retryable: true,
    exit: 10,
  },
  'image-without-node': {
    title: 'The container image has no Node that could run godwit',
    why: 'The runner needs Node 20.19 or newer, and the image has none, nor the C library that a Node of the base image needs.',
    fix: 'Put Node into the image, name its path under `image.node`, or leave `image.own` out.',
    exit: 10,
  },
  'registry-denied': {
    title: 'The registry refuses access',
    why: 'Whoever runs the command may not read the image, or not write into the repository.',
    fix: 'Give the account roles/artifactregistry.writer on the repository, or log in to the registry.',
    exit: 10,
  },
  'registry-no-repository': {
    title: 'The repository for images does not exist',
    why: 'Images of godwit are kept in a Docker repository of Artifact Registry, which must be there beforehand.',
    fix: 'Create it: `gcloud artifacts repositories create godwit --repository-format=docker --location=REGION`.',
    exit: 10,
  },
  'registry-refused': {
    title: 'The registry refused a request',
    why: 'It understood what was asked for and did not do it.',
    fix: 'Read the answer above; if it does not name a limit or a policy of the registry, report it as a bug.',
    exit: 10,
  },
  'registry-unreachable': {
    title: 'The registry cannot be reached',
    why: 'It did not answer, lost the connection again and again, or answered that it is overloaded.',
    fix: 'Check the name of the registry and the way there, and run the command again.',
    retryable: true,
    exit: 30,
  },
});
