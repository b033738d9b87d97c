/** A name, as the templates use it. */
export interface Name {
  /** As users write it: `wide-box`, or `slider-reach` of an environment. */
  readonly name: string
  /** As TypeScript has it: `wideBox`; of an environment its domain's. */
  readonly identifier: string
  /** What its files are called. */
  readonly file: string
}

/** What can be started from a template. */
export interface Kind {
  /** What a valid name is, in words. */
  readonly form: string
  /** Reads a name; `undefined` where it is not of the form. */
  read(name: string): Name | undefined
  /** A valid name that is near to words in lower case, such as ['wide', 'box']. */
  nearest(words: readonly string[]): string
  /** The same name, numbered. */
  variant(name: string, i: number): string
  /** Names in use. */
  taken(): readonly string[]
  /** The files it writes, by their path; the first is the one to edit. */
  files(name: Name): Readonly<Record<string, string>>
  /** Where it is registered: an import, and an entry before the line `end`. */
  readonly registry: {
    readonly path: string
    readonly end: string
    lines(name: Name): { readonly import: string; readonly entry: string }
  }
  /** Pages that are made of the registry: other files as they are to be after it, and what `revflow` writes. */
  readonly pages: {
    readonly edit?: { readonly path: string; readonly update: (text: string, name: Name) => string }
    readonly command?: readonly string[]
  }
  /** Commands to go on with. */
  next(name: Name): readonly string[]
}

/** `wide-box` or `ball_in_cup` as an identifier. */
export const camelCase = (name: string): string => name.replace(/[-_](.)/g, (_, letter: string) => letter.toUpperCase())

/** An entry of a record whose keys are names. */
export const recordEntry = ({ name, identifier }: Name): string =>
  name === identifier ? `  ${name},` : `  '${name}': ${identifier},`

const KEBAB = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/

/** Names such as `wide-box`, which are those of the file and of the registry alike. */
export const kebabNames: Pick<Kind, 'form' | 'read' | 'nearest' | 'variant'> = {
  form: 'a name in kebab-case, such as wide-box',
  read: (name) => (KEBAB.test(name) ? { name, identifier: camelCase(name), file: name } : undefined),
  nearest: (words) => words.join('-'),
  variant: (name, i) => `${name}-${i}`,
}

/** The changeset of an addition. */
export const changeset = (packageName: string, text: string): string => `---
"${packageName}": minor
---

${text}
`
