// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

/** A moment as CometBFT counts it. */
export interface Time {
  /** since 1970, negative before */
  readonly seconds: bigint;
  /** 0..999,999,999 */
  readonly nanos: number;
}

const shape =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?Z$/;

function daysInMonth(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  if (month === 2) return leap ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** RFC 3339 in UTC (`Z`), years 1 to 9999, no leap second; `undefined` for anything else. */
export function readTime(text: string | undefined): Time | undefined {
  const match = shape.exec(text ?? "");
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number, number, number, number, number, number,
  ];
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) {
    return undefined;
  }
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  return {
    seconds: BigInt(date.getTime()) / 1000n,
    nanos: Number((match[7] ?? "0").padEnd(9, "0")),
  };
}

/** RFC 3339 in UTC with as many digits of a second as are needed. */
export function writeTime(time: Time): string {
  const date = new Date(Number(time.seconds) * 1000).toISOString().slice(0, 19);
  const fraction = String(time.nanos).padStart(9, "0").replace(/0+$/, "");
  return fraction === "" ? `${date}Z` : `${date}.${fraction}Z`;
}
