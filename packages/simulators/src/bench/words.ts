/** The words of what an account has gathered beside its people and projects. */

export const offices = ["North Region", "South Region", "Interiors", "Civil Works"] as const

export const sectors = ["Education", "Healthcare", "Logistics", "Residential", "Office", "Infrastructure"] as const

export const streets = [
  "Mill Lane",
  "Harbour Road",
  "Quarry Street",
  "Station Road",
  "Orchard Avenue",
  "Kiln Row"
] as const

/** How many years each is good for; 0 is for ever. */
export const certifications = [
  { name: "First Aid", abbreviation: "FA", years: 3 },
  { name: "Working at Heights", abbreviation: "WAH", years: 3 },
  { name: "Transport of Dangerous Goods", abbreviation: "TDG", years: 2 },
  { name: "Scaffold Inspection", abbreviation: "SI", years: 5 },
  { name: "Confined Spaces", abbreviation: null, years: 0 }
] as const

export const notes = [
  "The client wants the same superintendent as on the last job.",
  "Night work from the second month on.",
  "Start may slip by two weeks; the permit is late.",
  "Parking on site is for four cars only.",
  "Talk to the structural engineer before moving anybody.",
  "Winning this one would need two more project engineers."
] as const

export const templates = [
  {
    name: "Design review",
    roles: [
      { name: "Preconstruction Manager", allocatedPercent: 50 },
      { name: "Estimator", allocatedPercent: 50 }
    ]
  },
  {
    name: "Commissioning",
    roles: [
      { name: "MEP Coordinator", allocatedPercent: 100 },
      { name: "Quality Manager", allocatedPercent: 50 },
      { name: "Field Engineer", allocatedPercent: 100 }
    ]
  }
] as const
