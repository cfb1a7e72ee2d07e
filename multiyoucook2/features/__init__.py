"""Video features: a store clip_id -> [T, D], its importers, and a simulator.

- ``store.FeatureStore.open(folder)``, ``store.write_store(folder, clips, name=...)``: the store itself
- ``importing.import_features(paths, folder, name=...)``: .npy folders, .npz, Parquet, C2KD's pickles -> store
- ``sentence_vectors.import_vectors(paths, folder, name=...)``: vectors of captions, computed elsewhere -> store
- ``simulated.simulate(captions, folder, ...)``: frames made from English captions, offline
"""
