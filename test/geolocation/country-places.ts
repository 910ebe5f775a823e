/** Countries and continents, some within others. */
export const networks = {
  "192.0.2.0/24": { country: "DE", continent: "EU" },
  "192.0.2.128/25": { country: "US", continent: "NA" },
  "198.51.100.7/32": { country: "NA", continent: "AF" },
  "203.0.113.0/24": { continent: "AS" },
  "2001:db8::/32": { country: "FR", continent: "EU" },
  "2001:db8:1::/48": { country: "JP", continent: "AS" },
};

/** Where addresses are, according to these networks. */
export const places: [
  address: string,
  country: string | undefined,
  continent: string | undefined,
][] = [
  ["192.0.2.0", "DE", "EU"],
  ["192.0.2.127", "DE", "EU"],
  ["192.0.2.128", "US", "NA"],
  ["192.0.2.255", "US", "NA"],
  ["198.51.100.7", "NA", "AF"],
  ["198.51.100.8", undefined, undefined],
  ["203.0.113.9", undefined, "AS"],
  ["2001:db8::1", "FR", "EU"],
  ["2001:db8:0:ffff:ffff:ffff:ffff:ffff", "FR", "EU"],
  ["2001:db8:1::", "JP", "AS"],
  ["2001:db9::1", undefined, undefined],
];
