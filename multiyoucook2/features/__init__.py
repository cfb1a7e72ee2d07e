"""Video features: a store clip_id -> [T, D], its importers, and a simulator.

- ``store.FeatureStore.open(folder)``, ``store.write_store(folder, clips, name=...)``: the store itself
- ``arrays.import_arrays(path, folder, name=...)``: .npy folder, .npz or Parquet -> store
- ``reference.import_reference(path, folder, ...)``: the C2KD authors' pickles, read without running code -> store
- ``simulated.simulate(captions, folder, ...)``: frames made from English captions, offline
"""
