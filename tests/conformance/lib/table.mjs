export const staleness = () => [];
