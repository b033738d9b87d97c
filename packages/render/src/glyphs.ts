/** Pixels of a letter, one apart from the next. */
export const glyphWidth = 5
export const glyphHeight = 9

/** Nine rows a letter, two of them below the line, from the top, each a digit in base 32: its five bits are the pixels, the leftmost first. */
const rows: Readonly<Record<string, string>> = {
  a: '00e1fhf00',
  b: 'gguhhhu00',
  c: '00fgggf00',
  d: '11fhhhf00',
  e: '00ehvgf00',
  f: '68u888800',
  g: '00fhhhf1e',
  h: 'gguhhhh00',
  i: '40c444e00',
  j: '2062222ic',
  k: 'ggikoki00',
  l: 'c44444e00',
  m: '00qllll00',
  n: '00uhhhh00',
  o: '00ehhhe00',
  p: '00uhhhugg',
  q: '00fhhhf11',
  r: '00moggg00',
  s: '00fge1u00',
  t: '88u888600',
  u: '00hhhhf00',
  v: '00hhha400',
  w: '00lllla00',
  x: '00ha4ah00',
  y: '00hhhhf1e',
  z: '00v248v00',
  '0': 'ehjlphe00',
  '1': '4c4444e00',
  '2': 'eh168gv00',
  '3': 'eh161he00',
  '4': '26aiv2200',
  '5': 'vgu11he00',
  '6': '68guhhe00',
  '7': 'v12448800',
  '8': 'ehhehhe00',
  '9': 'ehhf12c00',
  '.': '00000cc00',
  ',': '00000cc48',
  '-': '000e00000',
  _: '000000v00',
  ':': '0cc0cc000',
  '/': '122488g00',
  '=': '00e0e0000',
}

/** Where a letter has ink, by column and row; nowhere where it is not known. Capitals are drawn small. */
export function glyph(character: string): (x: number, y: number) => boolean {
  const digits = rows[character.toLowerCase()] ?? '000000000'
  return (x, y) => ((Number.parseInt(digits[y]!, 32) >> (glyphWidth - 1 - x)) & 1) === 1
}
