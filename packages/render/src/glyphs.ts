/** Pixels of a letter, one apart from the next. */
export const glyphWidth = 5
export const glyphHeight = 7

/** Seven rows a letter, from the top, each a digit in base 32: its five bits are the pixels, the leftmost first. */
const rows: Readonly<Record<string, string>> = {
  a: '00e1fhf',
  b: 'gguhhhu',
  c: '00fgggf',
  d: '11fhhhf',
  e: '00ehvgf',
  f: '68u8888',
  g: '0fhhf1e',
  h: 'gguhhhh',
  i: '40c444e',
  j: '20622ic',
  k: 'ggikoki',
  l: 'c44444e',
  m: '00qllll',
  n: '00uhhhh',
  o: '00ehhhe',
  p: '0uhhugg',
  q: '0fhhf11',
  r: '00moggg',
  s: '00fge1u',
  t: '88u8886',
  u: '00hhhhf',
  v: '00hhha4',
  w: '00lllla',
  x: '00ha4ah',
  y: '0hhhf1e',
  z: '00v248v',
  '0': 'ehjlphe',
  '1': '4c4444e',
  '2': 'eh168gv',
  '3': 'eh161he',
  '4': '26aiv22',
  '5': 'vgu11he',
  '6': '68guhhe',
  '7': 'v124488',
  '8': 'ehhehhe',
  '9': 'ehhf12c',
  '.': '00000cc',
  ',': '0000c48',
  '-': '000e000',
  _: '000000v',
  ':': '0cc0cc0',
  '/': '122488g',
  '=': '00e0e00',
}

/** Where a letter has ink, by column and row; nowhere where it is not known. Capitals are drawn small. */
export function glyph(character: string): (x: number, y: number) => boolean {
  const digits = rows[character.toLowerCase()] ?? '0000000'
  return (x, y) => ((Number.parseInt(digits[y]!, 32) >> (glyphWidth - 1 - x)) & 1) === 1
}
