export const droppedData = (_e:any)=>[] as any[]; export const seedCounts=(_e:any)=>new Map<string,number>();
